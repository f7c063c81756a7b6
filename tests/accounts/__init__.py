"""Accounts of AWS with resources in them, by table."""

from accounts import compute, machine_learning, network, security, storage
from accounts.case import Case as Case

CASES = (
    *compute.CASES,
    *machine_learning.CASES,
    *network.CASES,
    *security.CASES,
    *storage.CASES,
)
