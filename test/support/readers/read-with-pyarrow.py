"""Prints what pyarrow and pandas make of each table of a lake: types, rows, first and last, sums."""
import json
import sys
from decimal import Decimal

import pandas
import pyarrow.dataset
import pyarrow.parquet

lake, tables = sys.argv[1], json.loads(sys.argv[2])
told = {}
for table in tables:
    data = pyarrow.dataset.dataset(f"{lake}/{table}", format="parquet", partitioning="hive")
    frame = pandas.read_parquet(f"{lake}/{table}", partitioning=None).sort_values(["inOffset", "seq"])
    files = [pyarrow.parquet.ParquetFile(path) for path in data.files]
    groups = [
        file.metadata.row_group(n) for file in files for n in range(file.metadata.num_row_groups)
    ]
    sorted_files = all(
        column == sorted(column)
        for column in (file.read(columns=["inOffset"])["inOffset"].to_pylist() for file in files)
    )
    told[table] = {
        "types": {field.name: str(field.type) for field in data.schema},
        "rows": data.count_rows(),
        "frame": len(frame),
        "first": frame["logTime"].iloc[0].isoformat(),
        "last": frame["logTime"].iloc[-1].isoformat(),
        "sorted": sorted_files,
        "statistics": all(
            group.column(0).statistics is not None
            and group.column(0).statistics.has_min_max
            and group.column(0).statistics.min <= group.column(0).statistics.max
            for group in groups
        ),
        "groupRows": max(group.num_rows for group in groups),
    }
    if "amount" in frame:
        amounts = [one for one in frame["amount"] if one is not None]
        told[table]["amounts"] = str(sum(amounts, Decimal("0")))
        told[table]["isDecimal"] = all(isinstance(one, Decimal) for one in amounts)
print(json.dumps(told))
