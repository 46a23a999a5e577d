"""What the log tells of a request."""

import unittest

from support.api import ApiTest


class Logs(ApiTest):
    def test_a_request_is_named_in_its_answer_and_in_the_lines_that_belong_to_it(self):
        reply = self.gateway("POST", "/v1/jobs", self.request_body())
        request = reply.headers["x-request-id"]
        line = self.butler.wait_for_log("orchestrator", rf"event=job\.created .*request={request}")
        self.assertIn(reply.json["job"]["id"], line)

    def test_each_request_has_an_id_of_its_own(self):
        ids = {self.gateway("GET", "/v1/jobs").headers["x-request-id"] for _ in range(5)}
        self.assertEqual(len(ids), 5)


if __name__ == "__main__":
    unittest.main()
