"""As much of a system bus with logind as a kubelet asks for: `logind.py SOCKET FILE`. FILE is there while a kubelet listens.

SIGUSR1 says that the machine is about to shut down, SIGUSR2 that it is not, after all.
"""

import os
import signal
import sys

import dbus.server
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

SOCKET, LISTENING = sys.argv[1:]
MANAGER = "org.freedesktop.login1.Manager"


class Bus(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus", in_signature="", out_signature="s")
    def Hello(self):
        return ":1.1"

    @dbus.service.method("org.freedesktop.DBus", in_signature="s", out_signature="")
    def AddMatch(self, rule):
        open(LISTENING, "w").close()
        self.connection.call_on_disconnection(lambda _: os.remove(LISTENING))


class Logind(dbus.service.Object):
    SUPPORTS_MULTIPLE_CONNECTIONS = True

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return dbus.UInt64(60_000_000)  # InhibitDelayMaxUSec: more than the kubelet wants, which else writes to /etc

    @dbus.service.method(MANAGER, in_signature="ssss", out_signature="h")
    def Inhibit(self, what, who, why, mode):
        return dbus.types.UnixFd(os.open(os.devnull, os.O_RDONLY))  # nobody waits until it is closed

    @dbus.service.signal(MANAGER, signature="b")
    def PrepareForShutdown(self, active):
        print("PrepareForShutdown", active, flush=True)


def welcome(connection):
    Bus(connection, "/org/freedesktop/DBus")
    logind.add_to_connection(connection, "/org/freedesktop/login1")


def announce(active):
    logind.PrepareForShutdown(active)
    return GLib.SOURCE_CONTINUE


logind = Logind()
server = dbus.server.Server(f"unix:path={SOCKET}", mainloop=DBusGMainLoop())
server.on_connection_added.append(welcome)
server.on_connection_removed.append(logind.remove_from_connection)
GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGUSR1, announce, True)
GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGUSR2, announce, False)
GLib.MainLoop().run()
