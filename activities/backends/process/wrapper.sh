#!/bin/sh
# wrapper.sh DIRECTORY COMMAND [ARGUMENT...]
#
# Runs a job in the foreground, and keeps its exit code where it is found also when nobody watches.
# Leader of its own process group. A signal to the group is the job's business: this shell and its tools only survive it.
#   pid       linked, not written: the link is the lock, so that the second wrapper of an attempt runs nothing
#   exit      the exit code, once the job has ended; then all that it left in the group is killed
#   stopping  there before anybody sends TERM: a job that has not begun yet does not begin
trap '' TERM INT HUP

directory=$1
shift

# Our own tools are found whatever PATH the job has.
tool() { PATH="/usr/bin:/bin:/run/current-system/sw/bin:$PATH" command "$@"; }

# Written before the job runs, so that a job that fills the disk still has room for its exit code.
printf '\n\n\n\n' >"$directory/exit.$$" || exit 125
echo $$ >"$directory/pid.$$" || exit 125
tool ln "$directory/pid.$$" "$directory/pid" 2>/dev/null
lost=$?
tool rm -f "$directory/pid.$$"
if [ "$lost" -ne 0 ]; then
  tool rm -f "$directory/exit.$$"
  [ -e "$directory/pid" ] || exit 125
  exit 0
fi

# The job has stderr; what the shell says about its end ("Terminated") is nobody's output.
exec 3>&2 2>/dev/null
# Signals that are trapped, unlike ignored ones, have their usual effect in the job.
trap : TERM INT HUP
(
  exec 2>&3 3>&-
  [ ! -e "$directory/stopping" ] || exit 143
  exec "$@"
)
code=$?
trap '' TERM INT HUP

echo "$code" 1<>"$directory/exit.$$" && tool mv "$directory/exit.$$" "$directory/exit"
kill -KILL 0
