{
  services.archive.databases = [
    {
      type = "postgresql";
      name = "home_assistant_recorder_long_term_statistics_of_the_whole_house_2027";
      user = "archive";
    }
    {
      type = "postgresql";
      name = "home_assistant_recorder_long_term_statistics_of_the_whole_house";
      user = "archive";
    }
  ];
}
