# SPDX-License-Identifier: Apache-2.0
"""Two gateways on one database: what is ordered, revoked, forbidden and priced at one holds at the other."""

import shutil
import signal
import unittest

from demonstration.gateway import CONFIGURATION, Gateway
from demonstration.peer import Peer
from stage import DECK, PATIENCE_S, Problem, Rest, StageTest, insist_ok, processes, program
from wire_peer import WirePeer


class SecondGateway(Gateway):
    """Another node on the database of `first`, with the same keys."""

    def __init__(self, stage, name):
        super().__init__(stage.register, program("tollgate"), stage.output / name, stage.ports)
        self.name, self.first = name, stage.gateway

    def start(self):
        shutil.copytree(self.first.state / "keys", self.state / "keys")
        shutil.copy(self.first.authority_file, self.authority_file)
        ports = {"media_port": self.media_port, "overlay_port": self.overlay_port, "sip_port": self.sip_port, "api_port": self.api_port}
        text = CONFIGURATION.format(state=self.state, trunk_ports=self.trunk_ports, **ports)
        socket = self.first.state / "postgresql/socket"
        database = f'\n[database]\nurl = "host={socket} user=tollgate dbname=tollgate"\n'
        self.configuration_file.write_text(text.replace('name = "demonstration"', f'name = "{self.name}"') + database)
        self.resume()

    @property
    def admin_token(self):
        return self.first.admin_token


class Nodes(StageTest):
    settings = {"billing.report_interval_s": 1, "dial_policy.emergency_trunks": "emergency"}

    @classmethod
    def prepare(cls, stage):
        cls.second = SecondGateway(stage, "second")
        cls.second.start()
        cls.numbers = (f"+4420794605{number:02d}" for number in range(100))

    def node(self):
        return self.stage.rest.get("/v1/nodes/second")

    def order(self, what, **body):
        return self.stage.rest.post(f"/v1/nodes/second/{what}", body) if body else self.stage.rest._ask("POST", f"/v1/nodes/second/{what}", None, "")

    def await_order(self, wish, state="obeyed"):
        told = lambda: (self.node()["order"]["wish"], self.node()["order"]["state"]) == (wish, state)
        processes.wait_until(f"{wish}: {state}", told, PATIENCE_S)

    def is_draining(self):
        return "draining" in self.second.rest.not_ready()

    def far_end(self, **fields):
        number = fields.pop("number", None) or next(self.numbers)
        agent = self.stage.called("called_answers", echo=True)
        trunk = self.stage.trunk(agent.port, [number.lstrip("+")], **fields)
        taken = lambda: any(one["id"] == trunk["id"] for one in self.second.rest.get("/v1/status")["trunks"])
        processes.wait_until("the trunk's being in use at the other one", taken, PATIENCE_S)
        return agent, number

    def subscriber(self, name):
        """Logged in at the second gateway."""
        account = self.stage.subscriber(name, credit="20.00")
        peer = Peer(program("tollgate-peer"), self.stage.output / "peers" / f"{name}-second", name, account.passphrase, self.second)
        peer.account_id = account.account_id
        self.stage.peers.append(peer)
        insist_ok(peer.log_in())
        return peer

    def test_one_is_drained_and_taken_back_through_the_other(self):
        self.order("drain")
        self.await_order("drain")
        self.assertTrue(self.is_draining())
        self.assertNotIn("draining", self.stage.rest.not_ready())
        self.assertTrue(self.node()["draining"])
        self.order("undrain")
        self.await_order("serve")
        self.assertFalse(self.is_draining())

    def test_of_orders_that_follow_at_once_the_last_is_obeyed(self):
        for last, before in (("drain", "undrain"), ("undrain", "drain")):
            for _ in range(5):
                self.order(before)
                self.order(last)
            self.await_order("drain" if last == "drain" else "serve")
            self.assertEqual(last == "drain", self.is_draining())

    def test_an_order_is_for_the_run_that_was_asked(self):
        self.second.process.send_signal(signal.SIGKILL)  # for 10 s nobody can know
        self.second.process.wait(PATIENCE_S)
        self.assertEqual("waiting", self.order("drain", stop=True)["order"]["state"])
        begun = self.node()["started_at"]
        self.second.resume()
        processes.wait_until("its new row", lambda: self.node()["started_at"] != begun, PATIENCE_S)
        self.order("drain")  # the first moment in which it can be meant
        self.await_order("drain")
        self.assertTrue(self.is_draining())
        self.order("undrain")
        self.await_order("serve")

        self.order("drain")
        self.await_order("drain")
        self.second.process.send_signal(signal.SIGKILL)
        self.second.process.wait(PATIENCE_S)
        self.order("drain")
        self.second.resume()
        self.await_order("drain", "lost")
        self.assertFalse(self.is_draining(), "it was started to take calls")

        self.order("drain", stop=True)
        with self.assertRaises(Problem) as refused:
            self.order("undrain")
        self.assertEqual("node_stopping", refused.exception.body["code"])
        self.assertEqual(0, self.second.process.wait(PATIENCE_S))
        self.second.resume()

    def test_revoked_at_one_devices_sessions_and_calls_end_at_the_other(self):
        lena = self.subscriber("lena")
        agent, number = self.far_end()
        session = Rest(self.second.api_url)
        token = session.post("/v1/sessions", {"name": "lena", "passphrase": lena.passphrase})["token"]
        session.token = token
        self.assertEqual("lena", session.get(f"/v1/accounts/{lena.account_id}")["name"])
        running = lena.start("call", number, "--play", "tone")
        running.await_event("answered", PATIENCE_S)
        idle = WirePeer(self.stage.output / "lena-idle", self.second.overlay_port, "lena", lena.passphrase)
        self.addCleanup(idle.close)
        idle.attach()
        devices = lambda: self.second.rest.get(f"/v1/accounts/{lena.account_id}/devices")["items"]
        self.assertEqual(2, len(devices()))
        self.stage.rest.post(f"/v1/accounts/{lena.account_id}/credentials/revocation", {})
        told = idle.await_frame(lambda frame: frame["t"] == "error" and "id" not in frame)
        self.assertEqual("revoked", told["body"]["code"])
        record = self.stage.latest_record(lena, 0)
        self.assertEqual(("revoked", "gateway"), (record["reason"], record["hung_up_by"]))
        running.finish(PATIENCE_S)
        processes.wait_until("the devices' end", lambda: not devices(), PATIENCE_S)

        def shut_out():
            try:
                session.get(f"/v1/accounts/{lena.account_id}")
            except Problem as problem:
                return problem.status == 401
            return False

        processes.wait_until("the session's end", shut_out, PATIENCE_S)
        self.assertEqual("credential_expired", lena.run("balance").event("refused")["code"])

    def test_a_call_for_help_beside_a_revocation_goes_on(self):
        nina = self.subscriber("nina")
        ordinary, number = self.far_end()
        emergency, _ = self.far_end(number="999999", name="emergency")
        device = WirePeer(self.stage.output / "nina-wire", self.second.overlay_port, "nina", nina.passphrase)
        self.addCleanup(device.close)
        device.attach()
        for to in (number, "112"):
            call = device.offer(to)
            answer = device.await_frame(lambda frame: frame.get("call") == call and frame["t"] in ("answer", "hangup"))
            self.assertEqual("answer", answer["t"], answer)
        self.stage.rest.post(f"/v1/accounts/{nina.account_id}/credentials/revocation", {})
        self.assertEqual("revoked", self.stage.latest_record(nina, 0)["reason"])
        live = lambda: self.second.rest.get("/v1/calls")["items"]
        processes.wait_until("the end of the other call", lambda: len(live()) <= 1, PATIENCE_S)
        (call_for_help,) = live()  # which was not hung up
        self.assertEqual("112", call_for_help["callee"])
        self.second.rest.delete(f"/v1/calls/{call_for_help['call_id']}")
        self.assertEqual(0, emergency.finish(PATIENCE_S), emergency.complaint())
        record = self.stage.record(nina, call_for_help["call_id"])
        self.assertEqual(("operator", True), (record["reason"], record["answered_at"] is not None))

    def test_a_dial_policy_that_was_set_at_one_is_judged_by_the_other(self):
        otto = self.subscriber("otto")
        agent, number = self.far_end()
        verdict = lambda: self.second.rest.post("/v1/route_simulations", {"number": number, "account_id": otto.account_id})["verdict"]
        self.assertEqual("ok", verdict())
        self.addCleanup(self.stage.rest.delete, "/v1/dial_policies/gateway")
        self.stage.rest.put("/v1/dial_policies/gateway", {"shut_countries": ["GB"]})
        processes.wait_until("the policy", lambda: verdict() == "barred", PATIENCE_S)
        refused = otto.run("call", number, timeout_s=PATIENCE_S)
        self.assertEqual("barred", (refused.event("ended") or refused.event("refused"))["code"])
        self.assertEqual([], agent.messages())
        self.stage.rest.put("/v1/dial_policies/gateway", {})
        processes.wait_until("its end", lambda: verdict() == "ok", PATIENCE_S)

    def test_rates_that_were_imported_at_one_are_in_force_at_the_other(self):
        paul = self.subscriber("paul")
        agent, number = self.far_end()
        price = lambda: self.second.rest.post("/v1/route_simulations", {"number": number, "account_id": paul.account_id})["price"]["price_per_minute"]
        self.assertEqual("0.60", price())
        self.addCleanup(self.stage.rest.post_csv, "/v1/rate_imports", DECK.encode(), deck="default", currency="EUR")
        self.stage.rest.post_csv("/v1/rate_imports", DECK.replace(",0.60,", ",1.20,").encode(), deck="default", currency="EUR")
        processes.wait_until("the new rate", lambda: price() == "1.20", PATIENCE_S)
        running = paul.start("call", number, "--duration", 1)
        running.finish(PATIENCE_S)
        record = self.stage.latest_record(paul, 0)
        self.assertEqual("1.20", record["rate"]["price_per_minute"])
        self.assertEqual(record["billed_s"] * 20_000, record["charged_micros"])

    def tearDown(self):
        self.stage.end_calls()
        processes.wait_until("the end of the other one's calls", lambda: not self.second.rest.get("/v1/calls")["items"], PATIENCE_S)
        self.assert_sound()


if __name__ == "__main__":
    unittest.main()
