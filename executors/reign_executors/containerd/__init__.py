"""containerd: images of a Kubernetes node, through the ``ctr`` program on that node."""

from __future__ import annotations

from reign_executors.containerd.bring import ImportImage
from reign_executors.containerd.listing import ListImages
from reign_executors.containerd.names import RemoveImage, TagImage
from reign_executors.operation import Operation

OPERATIONS: tuple[type[Operation], ...] = (ImportImage, ListImages, RemoveImage, TagImage)

__all__ = ["OPERATIONS"]
