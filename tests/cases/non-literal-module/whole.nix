{ lib, ... }:
lib.mkIf true { services.immich.databases = [ ]; }
