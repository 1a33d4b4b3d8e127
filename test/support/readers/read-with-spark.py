"""Prints what Spark makes of each table of a lake, and what it answers to SQL over them."""
import json
import sys

from pyspark.sql import SparkSession

lake, tables, queries = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
told = {}
for table in tables:
    data = spark.read.parquet(f"{lake}/{table}")
    data.createOrReplaceTempView(table)
    row = spark.sql(f"SELECT count(*) AS n, min(logTime) AS first, max(logTime) AS last FROM {table}").first()
    told[table] = {
        "types": {field.name: field.dataType.simpleString() for field in data.schema},
        "rows": row["n"],
        "first": row["first"].isoformat(),
        "last": row["last"].isoformat(),
    }
told["amounts"] = str(spark.sql("SELECT sum(amount) AS sum FROM noise").first()["sum"])
told["answers"] = [spark.sql(query).count() for query in queries]
print(json.dumps(told))
