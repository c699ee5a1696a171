module relaunch.dev/testbed/pause

go 1.24
