import http.client
import json
import socket
import unittest

from tests.support import OWNER, TOKEN, SimulatorTest


class Transport(SimulatorTest):
    def test_a_get_with_a_query_is_a_call(self):
        answer = self.request("GET", f"/bot{TOKEN}/sendMessage?chat_id={OWNER}&text=a%20b")
        self.assertEqual(answer["result"]["text"], "a b")

    def test_a_form_is_a_call(self):
        answer = self.request("POST", f"/bot{TOKEN}/sendMessage", f"chat_id={OWNER}&text=a+%C3%A9".encode(),
                              {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer["result"]["text"], "a é")

    def test_multipart_is_a_call(self):
        body = (f'--xx\r\nContent-Disposition: form-data; name="chat_id"\r\n\r\n{OWNER}\r\n'
                '--xx\r\nContent-Disposition: form-data; name="text"\r\n\r\nhello\r\nyou\r\n--xx--\r\n').encode()
        answer = self.request("POST", f"/bot{TOKEN}/sendMessage", body,
                              {"Content-Type": "multipart/form-data; boundary=xx"})
        self.assertEqual(answer["result"]["text"], "hello\nyou")

    def test_a_string_of_json_equals_the_json_itself(self):
        markup = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
        one = self.result("sendMessage", chat_id=OWNER, text="x", reply_markup=markup)
        other = self.result("sendMessage", chat_id=str(OWNER), text="x", reply_markup=json.dumps(markup))
        self.assertEqual(one["reply_markup"], other["reply_markup"])

    def test_method_names_are_case_insensitive(self):
        self.assertTrue(self.request("GET", f"/bot{TOKEN}/GETme")["ok"])

    def test_a_chunked_body_on_a_kept_connection_works_twice(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self.addCleanup(connection.close)
        for text in ("one", "two"):
            parts = [b'{"chat_id":', str(OWNER).encode(), f',"text":"{text}"}}'.encode()]
            connection.request("POST", f"/bot{TOKEN}/sendMessage", iter(parts),
                               {"Content-Type": "application/json"}, encode_chunked=True)
            self.assertEqual(json.loads(connection.getresponse().read())["result"]["text"], text)

    def test_pipelined_requests_are_answered_in_order(self):
        with socket.create_connection(("127.0.0.1", self.server.port)) as plain:
            request = f"GET /bot{TOKEN}/%s HTTP/1.1\r\nHost: x\r\n%s\r\n"
            plain.sendall((request % ("getMe", "") + request % ("getWebhookInfo", "Connection: close\r\n")).encode())
            received = b"".join(iter(lambda: plain.recv(65536), b""))
        self.assertLess(received.index(b"is_bot"), received.index(b"pending_update_count"))

    def test_parameters_above_a_mebibyte_are_413(self):
        answer = self.call("sendMessage", chat_id=OWNER, text="x" * (1 << 20))
        self.assertEqual((answer.status, answer["error_code"]), (413, 413))

    def test_an_unknown_token_is_401_and_an_unknown_method_404(self):
        self.assertEqual(self.request("GET", "/bot1:other-token/getMe")["description"], "Unauthorized")
        self.assertEqual(self.request("GET", "/botnonsense/getMe")["description"],
                         "Unauthorized: invalid token specified")
        answer = self.call("getNothing")
        self.assertEqual((answer.status, answer["description"]), (404, "Not Found: method not found"))

    def test_a_body_that_is_no_json_object_is_400(self):
        answer = self.request("POST", f"/bot{TOKEN}/getMe", b"[1]", {"Content-Type": "application/json"})
        self.assertEqual(answer.status, 400)

    def test_a_foreign_origin_or_host_name_may_not_use_the_control_api(self):
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example:80"}, {"Origin": "null"}):
            self.assertEqual(self.request("GET", "/sim/state", headers=headers).status, 403, headers)
        own = {"Origin": f"http://127.0.0.1:{self.server.control_port}"}
        self.assertEqual(self.request("GET", "/sim/state", headers=own).status, 200)

    def test_the_page_is_served_with_a_strict_policy_and_nothing_beside_it(self):
        page = self.request("GET", "/")
        self.assertIn('id="message"', page["raw"])
        self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(self.request("GET", "/../simulator.py").status, 404)
        self.assertEqual(self.request("GET", "/%2e%2e/simulator.py").status, 404)


if __name__ == "__main__":
    unittest.main()
