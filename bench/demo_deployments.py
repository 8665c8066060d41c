"""Two deployed mods of the sample: who ran which version when, what they did with it and what failed.

Requests as a browser extension sends them: `(path, body)` in the order of their days.
"""

import uuid
from datetime import timedelta

MODS = [
    {
        "deployment": "0b9d7c6e-5f4a-4b3c-8d2e-1f0a9b8c7d6e",
        "mod": "@acme/refunds",
        "versions": ["1.3.0", "1.4.0"],
        "people": ["ada@example.com", "grace@example.com", "margaret@example.com", "barbara@example.com"],
        "events": [
            ("TriggerRun", "Highlight overdue refunds", 6),
            ("MenuItemClick", "Refund button", 4),
            ("ViewSidePanelPanel", "Refund history", 2),
            ("CustomUserEvent", "Refund button", 1),
        ],
        "errors": [
            ("ClientRequestError", "Request failed with status code 504", "Refund button", "Call the bank", False, 5),
            ("BusinessError", "The amount is larger than the payment", "Refund button", "Check the amount", False, 3),
            ("TypeError", "order.currency is undefined", "Refund history", "Show the list", True, 2),
        ],
    },
    {
        "deployment": "6e7f8091-a2b3-4c4d-8e5f-60718293a4b5",
        "mod": "@acme/translate",
        "versions": ["2.0.0", "2.1.0"],
        "people": ["linus@example.com", "dennis@example.com"],
        "events": [("HandleContextMenu", "Translate selection", 3), ("HandleQuickBar", "Translate page", 1)],
        "errors": [("PropError", "Mod Variable Name is required", "Translate page", "Store result", False, 6)],
    },
]
CLIENT_VERSIONS = ["3.2.10", "3.3.0"]
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
PAGES = ["https://shop.example.com/orders", "https://shop.example.com/orders/4711", "https://crm.example.com/cases"]


def requests(chance, days, now):
    """All requests of the last `days` days: a batch of events and one of errors for each mod and day, heartbeats at the end."""
    for ago in range(days - 1, -1, -1):
        day = (now - timedelta(days=ago)).replace(hour=8, minute=0, second=0, microsecond=0)
        share = 0.2 if day.weekday() >= 5 else 1.0
        for mod in MODS:
            # the newer version comes in the second half, to one person after the other
            is_new = ago < days / 2
            events, errors = [], []
            for place, person in enumerate(mod["people"]):
                version = mod["versions"][1 if is_new and ago < days / 2 - place * 0.5 else 0]
                who = Person(chance, mod, person, version)
                events += who.events(day, now, share / (1 + 0.6 * place))
                errors += who.errors(day, now, share * (0.5 if version == mod["versions"][1] else 1.0))
            if events:
                yield "/api/events/", {"events": events}
            if errors:
                yield "/api/telemetry/errors/", errors
    for mod in MODS:
        for person in mod["people"]:
            yield "/api/deployments/", Person(chance, mod, person, mod["versions"][1]).heartbeat(now)


class Person:
    """Somebody with one version of a mod in a browser."""

    def __init__(self, chance, mod, email, version):
        self.chance, self.mod, self.email, self.version = chance, mod, email, version
        self.uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"profile of {email}"))
        self.client = CLIENT_VERSIONS[1 if version == mod["versions"][1] else 0]

    def component(self, label):
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.mod['mod']} {label}"))

    def times(self, day, now, most):
        """Some instants of a working day, none of them to come."""
        count = round(self.chance.uniform(0, most))
        drawn = [day + timedelta(seconds=self.chance.uniform(0, 9 * 3600)) for _ in range(count)]
        return [at for at in drawn if at < now]

    def events(self, day, now, share):
        return [
            {
                "uid": self.uid,
                "event": name,
                "timestamp": int(at.timestamp() * 1000),
                "person": {"email": self.email},
                "data": {
                    "label": label,
                    "extensionId": self.component(label),
                    "deploymentId": self.mod["deployment"],
                    "blueprintId": self.mod["mod"],
                    "blueprintVersion": self.version,
                    "version": self.client,
                    "url": self.chance.choice(PAGES),
                },
            }
            for name, label, weight in self.mod["events"]
            for at in self.times(day, now, 3 * weight * share)
        ]

    def errors(self, day, now, share):
        return [
            {
                "uuid": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
                "class_name": kind,
                "message": message,
                "is_application_error": is_application_error,
                "timestamp": at.isoformat().replace("+00:00", "Z"),
                "person": {"email": self.email},
                "uid": self.uid,
                "deployment": self.mod["deployment"],
                "blueprint_version": {"id": self.mod["mod"], "version": self.version},
                "extension_uuid": self.component(label),
                "extension_label": label,
                "step_label": step,
                "user_agent": USER_AGENT,
                "user_agent_extension_version": self.client,
                "platform_name": "chrome",
                "error_data": {
                    "name": kind,
                    "stack": f"{kind}: {message}\n    at {step.title().replace(' ', '')} (mod.js:120:17)\n"
                    "    at reducePipeline (runtime.js:88:9)\n    at async runTrigger (trigger.js:41:5)",
                    **({"url": "https://bank.example.com/v1/refunds"} if kind == "ClientRequestError" else {}),
                },
            }
            for kind, message, label, step, is_application_error, weight in self.mod["errors"]
            for at in self.times(day, now, 0.4 * weight * share)
        ]

    def heartbeat(self, now):
        active = {
            "deployment": self.mod["deployment"],
            "blueprint": self.mod["mod"],
            "blueprintVersion": self.version,
            "updatedAt": (now - timedelta(days=3)).isoformat().replace("+00:00", "Z"),
        }
        return {"uid": self.uid, "version": self.client, "active": [active]}
