"""The diagnosis: what is wrong, why, and what to do about it."""

from collections import Counter
from typing import Annotated

from pydantic import Field

from jamie_base.answer import paginate
from jamie_kubernetes.answers_diagnose import Diagnosis
from jamie_kubernetes.facts.findings import condensed, merged, rank, trimmed
from jamie_kubernetes.render.diagnose import ROWS_BYTES, diagnosis, weight
from jamie_kubernetes.tools.diagnosing.round import Round
from jamie_kubernetes.tools.diagnosing.subject import subject_of
from jamie_kubernetes.tools.parts import Parts
from jamie_kubernetes.tools.toolset import Backend, Cursor, Marks, Namespace, tools

FINDINGS_SHOWN = 40

About = Annotated[
    str,
    Field(description="Only this and what hangs on it: deploy/web, pvc/data.", max_length=300),
]


@tools.reads(diagnosis)
async def k8s_diagnose(
    cluster: Backend,
    marks: Marks,
    object: About = "",  # noqa: A002  # the word kubectl's users know
    namespace: Namespace = "",
    cursor: Cursor = "",
) -> Diagnosis:
    """Find root causes in the cluster, a namespace or an object, worst first.

    One cause an owner, with evidence and the next step; names what could not be checked.
    """
    from jamie_kubernetes.tools.diagnosing.areas import examined  # half a start's imports

    now_ns = cluster.now_ns
    subject = await subject_of(cluster, object, namespace)
    round_ = Round(Parts(cluster, subject.namespace), marks, now_ns)
    told = merged(await examined(round_))
    found = condensed([trimmed(one) for one in told if subject.concerns(one)])
    page = paginate(
        found,
        key=rank,
        line=weight,
        limit=FINDINGS_SHOWN,
        cursor=cursor,
        query=repr((object, namespace)),
        budget=ROWS_BYTES,
    )
    hidden = sorted(found, key=rank)[page.before + len(page.rows) :]
    return Diagnosis(
        now_ns=now_ns,
        scope=subject.words,
        findings=page.rows,
        total=page.total,
        severities=dict(sorted(Counter(one.severity for one in found).items())),
        checked=round_.checked(),
        intended=next((why for key in subject.keys if (why := round_.intentions.get(key))), ""),
        causes=dict(Counter(one.cause for one in hidden).most_common()),
        unlooked=tuple(sorted(round_.unlooked)),
        before=page.before,
        later=page.hidden,
        cursor=page.cursor,
        changed=page.changed,
        gaps=round_.parts.gaps(),
    )
