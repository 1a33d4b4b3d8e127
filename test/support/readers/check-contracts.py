"""Holds data contracts against the schema that the Open Data Contract Standard's own package ships."""
import json
import pathlib
import sys

import jsonschema
import open_data_contract_standard
import yaml

package = pathlib.Path(open_data_contract_standard.__file__).parent
schema = json.loads((package / "schema.json").read_text())
validator = jsonschema.Draft201909Validator(schema)
told = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.yaml")):
    contract = yaml.safe_load(path.read_text())
    told[path.name] = [error.message for error in validator.iter_errors(contract)]
broken = yaml.safe_load(path.read_text())
broken["schema"][0]["properties"][0]["logicalType"] = "whatever"
print(json.dumps({"contracts": told, "broken": len(list(validator.iter_errors(broken)))}))
