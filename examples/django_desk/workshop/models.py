"""Knows the workshop's own tables; must not know how a ticket goes on: that is in its definition."""

from __future__ import annotations

from django.db import models


class Customer(models.Model):
    """Who brings devices."""

    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True)

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """A device that was brought; its ticket says where it stands, and has the same number."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    device = models.CharField(max_length=200)
    fault = models.TextField()
    form = models.CharField(
        max_length=64, unique=True, editable=False
    )  # of the page it was sent from: sent twice, it is one order

    @property
    def ticket(self) -> str:
        """The id of its ticket."""
        return f"order-{self.pk}"

    def __str__(self) -> str:
        return f"{self.pk} {self.device}"


class Invoice(models.Model):
    """What a repaired device costs; written in the transaction in which its ticket is finished."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT)
    amount = models.DecimalField(max_digits=10, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.order}: {self.amount}"


class Letter(models.Model):
    """What somebody is to be told: an effect that was carried out, once, whatever came in between."""

    effect = models.CharField(max_length=64, unique=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    to = models.CharField(max_length=254)
    template = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"
