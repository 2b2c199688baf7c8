"""Docker: operations on a real Docker Engine through docker-py (imported when the first call is made)."""

from __future__ import annotations

from reign_executors.docker.build import Build
from reign_executors.docker.execute import CopyInto, Exec
from reign_executors.docker.images import Pull, PullAs, RemoveImage, Tag
from reign_executors.docker.lifecycle import Pause, Rename, Restart, Start, Stop, Unpause
from reign_executors.docker.listings import ListContainers, ListImages, ListNetworks, ListVolumes
from reign_executors.docker.networks import ConnectNetwork, CreateNetwork, DisconnectNetwork, RemoveNetwork
from reign_executors.docker.push import Push
from reign_executors.docker.queries import (
    CheckHealth,
    Info,
    Inspect,
    ShowDiskUsage,
    Stats,
    Top,
    WaitHealthy,
)
from reign_executors.docker.remove import RecreateContainer, RemoveContainer
from reign_executors.docker.run import Create, Run
from reign_executors.docker.status import DockerStatus, status
from reign_executors.docker.streams import Logs
from reign_executors.docker.update import Update
from reign_executors.docker.volumes import CreateVolume, RemoveVolume
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (
    Build,
    CheckHealth,
    ConnectNetwork,
    CopyInto,
    Create,
    CreateNetwork,
    CreateVolume,
    DisconnectNetwork,
    Exec,
    Info,
    Inspect,
    ListContainers,
    ListImages,
    ListNetworks,
    ListVolumes,
    Logs,
    Pause,
    Pull,
    PullAs,
    Push,
    RecreateContainer,
    RemoveContainer,
    RemoveImage,
    RemoveNetwork,
    RemoveVolume,
    Rename,
    Restart,
    Run,
    ShowDiskUsage,
    Start,
    Stats,
    Stop,
    Tag,
    Top,
    Unpause,
    Update,
    WaitHealthy,
)

__all__ = ["OPERATIONS", "DockerStatus", "status"]
