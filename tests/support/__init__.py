"""What the system tests stand on: real processes, a scripted model server, the Telegram simulator.

    from support.butler import Butler           Butler itself, in a home of its own
    from support.simulator import Simulator     Telegram
    from support.model_server import ModelServer the model behind pi
    from support.case import SystemTest         a TestCase that starts those and prints their logs
    from support.api import ApiTest             a SystemTest on one orchestrator, with a gateway's and a worker's calls
    from support.wire import Connection         HTTP on a socket that the test holds in its hand
    from support.wait import until              the one place that polls

Run with tests/ on sys.path. Only the Python standard library.
"""
