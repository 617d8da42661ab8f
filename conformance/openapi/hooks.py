"""Keeps the run from ending its own credential: without `force`, the server lets nobody lock all administrators out."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.body, dict) and case.body.get("force") is True:
        case.body["force"] = False
    if isinstance(case.query, dict) and case.query.get("force") == "true":
        case.query["force"] = "false"
