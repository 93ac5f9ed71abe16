"""List and detail as an experienced Django developer would write them:
joins, no needless columns."""

from django.db.models import Count, Window
from django.http import Http404
from django.shortcuts import render

from benchmarks import words

from .models import Campaign, Paper

PUBLIC = ["live", "succeeded", "released", "failed", "refunded", "cancelled"]
FILTERS = {
    "": {"status__in": PUBLIC, "starts_at__isnull": False},
    "live": {"status": "live"},
    "funded": {"status__in": ["succeeded", "released"]},
    "ended": {"status__in": ["failed", "refunded", "cancelled"]},
}
ORDERS = {
    "newest": ["-starts_at", "-id"],
    "ending": ["ends_at", "id"],
    "funded": ["-settled_minor", "-id"],
}
CARD = (
    "id",
    "slug",
    "title",
    "summary",
    "sector",
    "image_id",
    "status",
    "goal_minor",
    "settled_minor",
    "investors_count",
    "ends_at",
    "company__trade_name",
)


def index(request):
    args = request.GET
    q, sector, status = args.get("q", ""), args.get("sector", ""), args.get("status", "")
    sort, page = args.get("sort", "newest"), max(1, int(args.get("page", 1)))
    found = (
        Campaign.objects.filter(**FILTERS.get(status, FILTERS[""]))
        .select_related("company")
        .only(*CARD)
    )
    if sector:
        found = found.filter(sector=sector)
    if q:
        found = found.filter(search_text__contains=q.casefold())
    found = found.annotate(total=Window(Count("id"))).order_by(*ORDERS.get(sort, ORDERS["newest"]))
    first = (page - 1) * words.PAGE_SIZE
    campaigns = list(found[first : first + words.PAGE_SIZE])
    total = campaigns[0].total if campaigns else 0
    return render(
        request,
        "index.html",
        {
            **_frame(request),
            "here": "list",
            "campaigns": campaigns,
            "q": q,
            "sector": sector,
            "status": status,
            "sort": sort,
            "total": total,
            "shown": first + len(campaigns),
            "more": total > first + len(campaigns),
            "sectors": words.SECTORS,
            "statuses": words.STATUSES,
            "sorts": words.SORTS,
        },
    )


def detail(request, slug):
    try:
        campaign = Campaign.objects.select_related("company").get(slug=slug, **FILTERS[""])
    except Campaign.DoesNotExist:
        raise Http404 from None
    found = Paper.objects.filter(owner_kind="company", owner_id=campaign.company_id)
    papers = list(
        found.filter(kind="memorandum", status="verified")
        .only("id", "kind", "size")
        .order_by("kind")
    )
    return render(
        request, "detail.html", _frame(request) | {"campaign": campaign, "papers": papers}
    )


def _frame(request):
    user = request.user
    name = user.get_full_name() if user.is_authenticated else ""
    return {"person": {"name": name, "initial": name[:1], "email": user.email} if name else None}
