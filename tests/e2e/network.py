# SPDX-License-Identifier: Apache-2.0
"""A small internet of network namespaces, so that what a firewall or a dead line does to a browser happens for real:

    gateway and relay 192.0.2.1, 192.0.2.2 — router — 198.51.100.2 the browser

The test itself is in the gateway's namespace already, alone there (see `own_network`). What the router drops, it drops in
silence, as the middle of a network does. Addresses are those for documentation (RFC 5737): public, and nobody's."""

import subprocess

GATEWAY, RELAY = "192.0.2.1", "192.0.2.2"
BROWSER = "198.51.100.2"
NEAR, FAR = "192.0.2.254", "198.51.100.254"  # the router's


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout}")
    return done.stdout


class Namespace:
    """Lives as long as the process that holds it."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.holder.stdout.readline() != b"up\n":
            raise RuntimeError("no network namespace can be made here: run as root")
        self.prefix = ["nsenter", "--net", "--target", str(self.holder.pid)]

    def run(self, *command):
        return run(*self.prefix, *command)

    def close(self):
        self.holder.communicate()


class Network:
    def __init__(self):
        links = run("ip", "-brief", "link").split("\n")
        if any(line and not line.startswith("lo ") for line in links):
            raise RuntimeError("this test changes the network: start it by own_network, in a namespace of its own")
        run("ip", "link", "set", "lo", "up")
        self.router, self.browser = Namespace(), Namespace()
        self._join(None, "near", [GATEWAY, RELAY], NEAR)
        self._join(self.browser, "far", [BROWSER], FAR)
        self.router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def _join(self, namespace, name, addresses, router):
        """A line between the router and this namespace, or our own."""
        inside = namespace.run if namespace else run
        inside("ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", self.router.holder.pid)
        for address in addresses:
            inside("ip", "address", "add", f"{address}/24", "dev", name)
        self.router.run("ip", "address", "add", f"{router}/24", "dev", name)
        inside("ip", "link", "set", name, "up")
        self.router.run("ip", "link", "set", name, "up")
        inside("ip", "route", "add", "default", "via", router)

    def drop(self, *what):
        """Whatever fits one of these, and comes through the router either way, is lost: "" for everything, "ipproto udp", …"""
        for selector in what:
            self.router.run("ip", "rule", "add", "pref", 100, *(selector.split() or ["from", "all"]), "blackhole")

    def pass_only_tcp(self, *ports):
        """Nothing comes through but connections to these ports at the gateway's side."""
        for port in ports:
            for side in ("dport", "sport"):
                self.router.run("ip", "rule", "add", "pref", 50, "ipproto", "tcp", side, port, "lookup", "main")
        self.drop("")

    def pass_all(self):
        for line in self.router.run("ip", "rule", "show").splitlines():
            preference = line.split(":")[0]
            if preference in ("50", "100"):
                self.router.run("ip", "rule", "del", "pref", preference)

    def close(self):
        self.browser.close()
        self.router.close()
