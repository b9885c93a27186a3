"""Kubernetes objects, wherever they are written down: manifests, ``kubectl get`` lists, rendered charts, here-documents of scripts.

Two steps, as for every format that is linked over a root:

    texts      one document → the objects in it, as plain values with their lines (:mod:`.texts`, :mod:`.heredocs`)
    readings   one object → what the others need of it, picklable and without secret values (:mod:`.readings` and, by what they read,
               :mod:`.pods`, :mod:`.secrets`, :mod:`.kagent`, :mod:`.ark`)
    cluster    all objects of a root (:mod:`.objects`) → facts: which Secret, account, service or server a name means (:mod:`.cluster`,
               :mod:`.agents`), what a kustomization takes (:mod:`.kustomize`), what a cluster installs by itself (:mod:`.releases`)

Policies (:mod:`.rbac`, :mod:`.aws_auth`) stay as they are written and are evaluated when all is known, by
:mod:`graphinv.ingest.grants.kubernetes` with :mod:`.rules`, :mod:`.roles`, :mod:`.classes` and :mod:`.escalation`.
Ids are in :mod:`.names`.
"""
