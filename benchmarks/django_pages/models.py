"""The same tables as ours, as Django models; only the columns that the pages read."""

from django.db import models


class Company(models.Model):
    id = models.CharField(max_length=32, primary_key=True)
    trade_name = models.CharField(max_length=60)
    legal_name = models.CharField(max_length=120)
    registration_no = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    wallet_address = models.CharField(max_length=42)
    registered_at = models.DateTimeField(null=True)
    register_tx = models.CharField(max_length=66)

    class Meta:
        managed = False
        db_table = "company"
        app_label = "django_pages"


class Paper(models.Model):
    id = models.CharField(max_length=32, primary_key=True)
    owner_kind = models.CharField(max_length=16)
    owner_id = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    size = models.IntegerField()
    status = models.CharField(max_length=16)

    class Meta:
        managed = False
        db_table = "document"
        app_label = "django_pages"


class Campaign(models.Model):
    id = models.CharField(max_length=32, primary_key=True)
    slug = models.CharField(max_length=80)
    company = models.ForeignKey(Company, models.CASCADE)
    status = models.CharField(max_length=24)
    title = models.CharField(max_length=80)
    summary = models.CharField(max_length=240)
    story_md = models.TextField()
    sector = models.CharField(max_length=24)
    security_type = models.CharField(max_length=24)
    image_id = models.CharField(max_length=80)
    image_alt = models.CharField(max_length=160)
    search_text = models.CharField(max_length=500)
    goal_minor = models.BigIntegerField()
    min_minor = models.BigIntegerField()
    max_minor = models.BigIntegerField()
    price_minor = models.BigIntegerField()
    threshold_bps = models.IntegerField()
    terms_hash = models.CharField(max_length=66)
    reserved_minor = models.BigIntegerField()
    settled_minor = models.BigIntegerField()
    investors_count = models.IntegerField()
    deploy_tx = models.CharField(max_length=66)
    contract_address = models.CharField(max_length=42)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "campaign"
        app_label = "django_pages"

    @property
    def percent(self):
        return self.settled_minor * 100 // self.goal_minor

    @property
    def threshold(self):
        return self.goal_minor * self.threshold_bps // 10_000

    @property
    def on_its_way(self):
        return self.reserved_minor - self.settled_minor

    # The templates are shared with rows of a join, where the company's columns stand beside.
    @property
    def trade_name(self):
        return self.company.trade_name

    @property
    def legal_name(self):
        return self.company.legal_name

    @property
    def registration_no(self):
        return self.company.registration_no

    @property
    def country(self):
        return self.company.country

    @property
    def wallet_address(self):
        return self.company.wallet_address

    @property
    def registered_at(self):
        return self.company.registered_at

    @property
    def register_tx(self):
        return self.company.register_tx
