"""The files of `docker/`: lint clean, hardened, and true to the settings and the packages that there are."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import known_variables
from scripts.wheel_layout import PACKAGES
from tests.paths import ROOT

DOCKER = ROOT / "docker"
KUBERNETES = DOCKER / "kubernetes"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
Json = dict[str, Any]
COMPOSE: Json = yaml.safe_load((DOCKER / "compose.yaml").read_text())


def manifests() -> list[Json]:
    paths = [path for path in sorted(KUBERNETES.glob("*.yaml")) if path.name != "kustomization.yaml"]
    return [manifest for path in paths for manifest in yaml.safe_load_all(path.read_text())]


def workloads() -> list[Json]:
    return [manifest for manifest in manifests() if manifest["kind"] in {"Deployment", "StatefulSet"}]


def containers() -> Iterator[Json]:
    for workload in workloads():
        yield from workload["spec"]["template"]["spec"]["containers"]


def of_kind(kind: str) -> dict[str, Json]:
    return {manifest["metadata"]["name"]: manifest for manifest in manifests() if manifest["kind"] == kind}


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_lints_clean(path: Path) -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    result = subprocess.run([hadolint, path], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_is_pinned_runs_without_privileges_and_says_whether_it_works(path: Path) -> None:
    text = path.read_text()
    for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.search(r":\d+\.\d+\.\d+-", base), base
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    for package in re.findall(r"^\s+([a-z][a-z0-9-]+)(?:=\S+)? \\$", text, re.MULTILINE):
        assert re.search(rf"\b{package}=", text), f"{package} has no version"


def test_the_service_s_image_has_every_package() -> None:
    copied = set(re.findall(r"^COPY (\w+) \w+$", (DOCKER / "cpu.Dockerfile").read_text(), re.MULTILINE))
    assert copied == {*PACKAGES, "rasg", "models"}


def test_variables_of_the_service_are_settings() -> None:
    text = "\n".join(path.read_text() for path in [*DOCKER.rglob("*.yaml"), *DOCKERFILES])
    named = set(re.findall(r"\b(RASG_\w+)(?:[:=]|$)", text, re.MULTILINE))
    named |= set(re.findall(r"name: (RASG_\w+)", text))
    assert len(named) > 10
    assert named - {"RASG_MODEL_CACHE"} <= known_variables()


@pytest.mark.parametrize("name", list(COMPOSE["services"]))
def test_each_service_is_hardened_and_stops_in_peace(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(str(place).startswith("/tmp") for place in service["tmpfs"])
    assert service["restart"] == "unless-stopped"
    assert int(service["stop_grace_period"].removesuffix("s")) >= 45
    assert not re.search(r":(latest)?$", service["image"])


def test_only_the_api_is_published_and_on_loopback_only() -> None:
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert published == {"api": ["127.0.0.1:8000:8000"]}
    assert COMPOSE["networks"]["inside"]["internal"]


def test_no_secret_stands_in_a_file() -> None:
    text = "\n".join(path.read_text() for path in DOCKER.rglob("*.yaml"))
    for value in re.findall(r"^ *\w*(?:PASSWORD|API_KEY): +(\S+)", text, re.MULTILINE):
        assert value.startswith("${"), value
    assert "Secret" not in {manifest["kind"] for manifest in manifests()}


@pytest.mark.parametrize(
    "pod", [w["spec"]["template"] for w in workloads()], ids=lambda pod: str(pod["metadata"]["labels"])
)
def test_each_pod_keeps_to_the_restricted_standard(pod: Json) -> None:
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys()
        assert container["resources"].keys() == {"requests", "limits"}
        assert "memory" in container["resources"]["limits"]
        places = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert "/tmp" in places


def test_what_a_pod_names_is_there() -> None:
    claims, settings = of_kind("PersistentVolumeClaim"), of_kind("ConfigMap")
    for workload in workloads():
        spec = workload["spec"]["template"]["spec"]
        named = {volume["name"] for volume in spec["volumes"]}
        named |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        for volume in spec["volumes"]:
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "store") in claims
        for container in spec["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} == named
            assert all(source["configMapRef"]["name"] in settings for source in container.get("envFrom", []))


def test_services_budgets_and_policies_select_pods_that_there_are() -> None:
    labels = {w["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] for w in workloads()}
    for service in of_kind("Service").values():
        assert service["spec"]["selector"]["app.kubernetes.io/name"] in labels
    budgets = of_kind("PodDisruptionBudget")
    assert {"api", "worker"} <= budgets.keys()
    for budget in budgets.values():
        assert budget["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] in labels


def test_a_pod_lives_longer_than_its_drain() -> None:
    (api,) = (w for w in workloads() if w["metadata"]["name"] == "api")
    spec = api["spec"]["template"]["spec"]
    given = {entry["name"]: entry.get("value") for entry in spec["containers"][0]["env"]}
    drain_s = int(given["RASG_API__DRAIN_DELAY_S"]) + int(given["RASG_API__DRAIN_S"])
    # The server kills what has not stopped 10 s after that.
    assert spec["terminationGracePeriodSeconds"] > drain_s + 10
    # While a process is replaced there are two.
    assert 2 * int(given["RASG_API__WORKER_MAX_RSS_MB"]) < 8 * 1024


def test_every_manifest_is_applied() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert set(listed) == {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
