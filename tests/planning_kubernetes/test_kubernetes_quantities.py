from __future__ import annotations

import pytest

from reign_agents.specialists.kubernetes.quantities import cpu, memory


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("512 megs", "512Mi"),
        ("2 gigs", "2Gi"),
        ("256Mi", "256Mi"),
        ("1.5g", "1536Mi"),
        ("512m", "512Mi"),
        ("1 GB", "1Gi"),
    ],
)
def test_memory(said: str, quantity: str) -> None:
    assert memory(said) == quantity


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("half a core", "500m"),
        ("2 cores", "2"),
        ("250m", "250m"),
        ("0.5", "500m"),
        ("one cpu", "1"),
        ("1.5 cpus", "1500m"),
    ],
)
def test_cpu(said: str, quantity: str) -> None:
    assert cpu(said) == quantity
