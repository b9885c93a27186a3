"""Kubernetes objects, wherever they are written down: manifests, ``kubectl get`` lists, rendered charts, here-documents of scripts.

Two steps, as for every format that is linked over a root:

    texts      one document → the objects in it, as plain values with their lines (:mod:`.texts`, :mod:`.heredocs`)
    readings   one object → what the others need of it, picklable and without secret values (:mod:`.readings` and, by what they read,
               :mod:`.pods`, :mod:`.secrets`, :mod:`.kagent`, :mod:`.ark`)
    cluster    all objects of a root → facts: which Secret, account, service or server a name means (:mod:`.cluster`, :mod:`.agents`)

Policies (roles and their bindings) stay as they are written and are evaluated when all is known: :mod:`graphinv.ingest.grants.kubernetes`.
Ids are in :mod:`.names`.
"""
