{ databases = [ { type = "postgresql"; name = "b"; user = "b"; port = 99999999999999999999; } ]; }
