{
  databases = [ { type = "postgresql" name = "forgejo"; } ];
}
