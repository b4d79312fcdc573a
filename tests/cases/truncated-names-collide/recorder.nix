{
  services.recorder.databases = [
    {
      type = "postgresql";
      name = "home_assistant_recorder_long_term_statistics_of_the_whole_house_2026";
      user = "recorder";
    }
  ];
}
