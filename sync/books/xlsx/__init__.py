"""Workbooks on disk (.xlsx): read in a process of their own; written only inside our own tabs, by copy and replace."""
