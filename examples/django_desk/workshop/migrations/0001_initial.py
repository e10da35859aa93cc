"""Knows the first form of the workshop's tables, as `makemigrations` wrote it; must not be changed once it was applied."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The tables."""

    initial = True
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("email", models.EmailField(max_length=254, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.CharField(max_length=200)),
                ("fault", models.TextField()),
                ("form", models.CharField(editable=False, max_length=64, unique=True)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="workshop.customer")),
            ],
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("effect", models.CharField(max_length=64, unique=True)),
                ("to", models.CharField(max_length=254)),
                ("template", models.CharField(max_length=100)),
                ("order", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="workshop.order")),
            ],
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                ("order", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="workshop.order")),
            ],
        ),
    ]
