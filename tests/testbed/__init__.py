"""The proving ground: a real Kubernetes with one node, Helm, Terraform with a provider and git, on this machine.

``python -m tests.testbed up`` builds what is missing into a cache folder, starts everything and writes
``<folder>/env``; ``down`` stops exactly that; ``status`` tells. Everything that runs lives in namespaces of its own
(processes, mounts, network), so nothing of it can stay behind: the host sees one process tree, a few control groups
and two listening ports on the loopback.
"""
