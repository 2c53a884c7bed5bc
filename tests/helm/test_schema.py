"""Wrong values, and what both Helms say about them."""

import pytest

from helm.chart import HELMS, refusal

pytestmark = pytest.mark.needs(*HELMS)

#: Values, where they stand, and what each Helm says is wrong there.
WRONG = [
    ({"replicaCount": 2}, "replicaCount", ("does not match: 1", "value must be 1")),
    (
        {"config": {"usages": {}}},
        "config",
        ("Additional property usages is not allowed", "additional properties 'usages' not allowed"),
    ),
    (
        {"config": {"usage": {"intervall": "60s"}}},
        "config.usage",
        ("Additional property intervall is not allowed", "additional properties 'intervall' not allowed"),
    ),
    ({"persistance": {}}, "", ("Additional property persistance", "additional properties 'persistance' not allowed")),
    ({"persistence": {"size": "1 GB"}}, "persistence.size", ("Does not match pattern", "does not match pattern")),
    (
        {"anthropic": {"existingSecret": "a", "adminKey": "sk-ant-admin01-canary-x"}},
        "anthropic.adminKey",
        ("does not match", "value must be ''"),
    ),
    (
        {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}},
        "podMonitor.enabled",
        ("does not match: false", "value must be false"),
    ),
    (
        {"webConfig": {"content": {"basic_auth_users": {"a": "secret words"}}}},
        "webConfig.content.basic_auth_users.a",
        ("Does not match pattern", "does not match pattern"),
    ),
    (
        {"image": {"pullPolicy": "Sometimes"}},
        "image.pullPolicy",
        ('must be one of the following: "Always"', "value must be one of 'Always'"),
    ),
    ({"serviceMonitor": {"interval": 60}}, "serviceMonitor.interval", ("Expected: string", "want string")),
    ({"extraArgs": ["-v"]}, "extraArgs.0", ("Does not match pattern", "does not match pattern")),
]


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize(("values", "place", "said"), WRONG, ids=[place or "top" for _, place, _ in WRONG])
def test_a_wrong_value_is_refused_with_its_place(helm, values, place, said, tmp_path):
    message = refusal(helm, values, tmp_path)
    assert "values don't meet the specifications of the schema" in message
    assert said[HELMS.index(helm)] in message
    assert (place if helm == "helm3" else place.replace(".", "/")) in message
    assert "canary" not in message


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"thresholds": {"spend": 1}}, "prometheusRule.thresholds.spend: expected one of "),
        ({"disabledAlerts": ["Nothing"]}, "prometheusRule.disabledAlerts: expected names of alerts, found"),
    ],
)
def test_a_wrong_name_of_the_rules_is_refused(helm, rule, words, tmp_path):
    assert words in refusal(helm, {"prometheusRule": {"enabled": True, **rule}}, tmp_path)
