{
  services.immich = {
    databases = [
      {
        type = "postgresql";
        name = "immich";
        user = "immich";
        clients = [
          "10.20.0.0/16"
          {
            address = "10.20.0.7";
            users = [ "reader" "writer" "backup" ];
            tls = true;
          }
          {
            address = "10.20.0.8";
            users = [ "reader" ];
            method = "cert";
            tls = true;
          }
          {
            address = "10.20.0.9";
            users = [ "backup" ];
          }
        ];
      }
      {
        # Loopback asks for a password too, but a program may be meant to use the socket.
        type = "postgresql";
        name = "thumbnails";
        user = "thumbnails";
        loopback = true;
      }
    ];
    roles = [
      { name = "reader"; login = true; }
      { name = "writer"; login = true; }
      {
        name = "backup";
        login = true;
        password.sops = "backup";
      }
    ];
  };
}
