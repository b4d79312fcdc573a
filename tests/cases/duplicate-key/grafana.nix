{
  unixUser = "a";
  unixUser = "b";
}
