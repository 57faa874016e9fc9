"""What the commands of the command line do, one module each: loaded only when its command runs."""
