"""Prints what fastavro makes of the facts of a lake: how many, their offsets, money as decimals."""
import glob
import json
import sys
from datetime import datetime
from decimal import Decimal

import fastavro

offsets, amounts, times, kinds = [], Decimal("0"), set(), {}
for path in sorted(glob.glob(f"{sys.argv[1]}/facts/**/*.avro", recursive=True)):
    with open(path, "rb") as file:
        for record in fastavro.reader(file):
            offsets.append(record["offset"])
            times.add(type(record["logTime"]).__name__)
            kind = path.split("kind=")[1].split("/")[0]
            kinds[kind] = kinds.get(kind, 0) + 1
            money = record.get("data", {}).get("totalAmount")
            if money is not None:
                amounts += money["amount"]
print(
    json.dumps(
        {"offsets": sorted(offsets), "amounts": str(amounts), "times": sorted(times), "kinds": kinds}
    )
)
