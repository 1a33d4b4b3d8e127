"""Prints what pm4py makes of an object-centric event log."""
import json
import sys

import pm4py

log = pm4py.read_ocel2_json(sys.argv[1])
flat = pm4py.ocel_flattening(log, "promise")
told = {
    "events": len(log.events),
    "objects": len(log.objects),
    "types": sorted(pm4py.ocel_get_object_types(log)),
    "activities": log.events["ocel:activity"].value_counts().to_dict(),
    "relations": len(log.relations),
    "objectRelations": len(log.o2o),
    "promises": int(flat["case:concept:name"].nunique()),
    "first": log.events["ocel:timestamp"].min().isoformat(),
}
print(json.dumps(told))
