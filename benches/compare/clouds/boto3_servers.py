"""Creates servers with boto3 as its users do, lists them, and tells how long it took as a line of JSON."""

import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

endpoint, count, threads, image, wait = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5] == "wait"
started = time.monotonic()
ec2 = boto3.client(
    "ec2",
    endpoint_url=endpoint,
    region_name="eu-central-1",
    aws_access_key_id="AKIABENCH",
    aws_secret_access_key="bench",
    config=Config(max_pool_connections=threads),
)


def create(number):
    tags = [{"Key": "Name", "Value": f"web-{number}"}, {"Key": "bench", "Value": "1"}]
    made = ec2.run_instances(
        ImageId=image,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        ClientToken=f"bench-{number}",
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": tags},
            {"ResourceType": "volume", "Tags": tags},
        ],
        MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
    )
    server = made["Instances"][0]["InstanceId"]
    if wait:
        ec2.get_waiter("instance_running").wait(InstanceIds=[server], WaiterConfig={"Delay": 2})
    return server


with ThreadPoolExecutor(threads) as pool:
    made = set(pool.map(create, range(count)))
created = time.monotonic()
filters = [{"Name": "tag:bench", "Values": ["1"]}]
pages = ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 1000})
listed = {server["InstanceId"] for page in pages for group in page["Reservations"] for server in group["Instances"]}
assert made == listed and len(made) == count, (len(made), len(listed))
ended = time.monotonic()
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "create": created - started,
    "list": ended - created,
    "cpu": used.ru_utime + used.ru_stime,
    "peak_kib": used.ru_maxrss,
}))
