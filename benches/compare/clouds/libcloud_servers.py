"""Creates servers with Apache libcloud as its users do, lists them, and tells how long it took as a line of JSON."""

import json
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from libcloud.compute.base import NodeImage, NodeSize
from libcloud.compute.drivers import ec2
from libcloud.compute.providers import get_driver
from libcloud.compute.types import Provider

endpoint, count, threads, image, wait = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5] == "wait"
started = time.monotonic()
place = urlsplit(endpoint)
local = threading.local()
# moto's answers have the namespace of the official description, which has no slash at its end.
ec2.NAMESPACE = ec2.NAMESPACE.rstrip("/")


def driver():
    # Its documentation: one driver a thread, because it holds one connection.
    if not hasattr(local, "driver"):
        local.driver = get_driver(Provider.EC2)(
            "AKIABENCH", "bench", region="eu-central-1", host=place.hostname, port=place.port, secure=False
        )
    return local.driver


size = NodeSize("t3.micro", "t3.micro", 1024, 0, None, None, None)
base = NodeImage(image, image, None)


def create(number):
    node = driver().create_node(
        name=f"web-{number}",
        size=size,
        image=base,
        ex_clienttoken=f"bench-{number}",
        ex_metadata={"bench": "1"},
    )
    if wait:
        driver().wait_until_running([node], wait_period=2)
    return node.id


with ThreadPoolExecutor(threads) as pool:
    made = set(pool.map(create, range(count)))
created = time.monotonic()
listed = {node.id for node in driver().list_nodes(ex_filters={"tag:bench": "1"})}
assert made == listed and len(made) == count, (len(made), len(listed))
ended = time.monotonic()
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "create": created - started,
    "list": ended - created,
    "cpu": used.ru_utime + used.ru_stime,
    "peak_kib": used.ru_maxrss,
}))
