"""Momentum encoder (EMA teacher) of MoCo, BYOL and others."""

import copy
import math

import torch
import torch.nn as nn


def cosine_momentum(start, end, progress):
    """Momentum of the old teacher at ``progress`` in [0, 1] of training: m = end - (end - start)(cos(pi p) + 1)/2.

    With ``end`` = 1 it is BYOL's schedule (Grill et al. 2020, appendix A).
    """
    return end - (end - start) * (math.cos(math.pi * progress) + 1) / 2


class Teacher(nn.Module):
    """Exponential moving average of a student: teacher <- m teacher + (1 - m) student.

    Only parameters are averaged; the teacher's BN keeps running statistics of its own (mmengine's averaged model
    would overwrite them with the student's). It receives no gradient and runs in the mode (train or eval) of its
    owner.

    Args:
        students: modules that follow one another; the teacher is a copy of the chain.
        momentum: m at the start, weight of the *old* teacher (mmengine's momentum is 1 - m).
        end_momentum: m at the end, reached on a cosine; None keeps m constant.
    """

    def __init__(self, *students, momentum, end_momentum=None):
        super().__init__()
        for name, value in (('momentum', momentum), ('end_momentum', end_momentum)):
            if value is not None and not 0.5 <= value <= 1:
                raise ValueError(f'{name}={value}: it is the weight of the old teacher and lies in [0.5, 1]; '
                                 'mmengine and mmpretrain configs write 1 minus it')
        self.momentum = momentum
        self.end_momentum = momentum if end_momentum is None else end_momentum
        self.chain = nn.ModuleList(copy.deepcopy(student) for student in students).requires_grad_(False)

    @torch.no_grad()
    def forward(self, x):
        for module in self.chain:
            x = module(x)
        return x

    @torch.no_grad()
    def copy_from(self, *students):
        """Make the teacher equal to the student, buffers included (start of training)."""
        for mine, student in zip(self.chain, students, strict=True):
            mine.load_state_dict(student.state_dict())

    @torch.no_grad()
    def update(self, *students, progress):
        """Take one EMA step; ``progress`` in [0, 1] is the share of optimiser steps done."""
        keep = cosine_momentum(self.momentum, self.end_momentum, progress)
        source = [p for student in students for p in student.parameters()]
        torch._foreach_lerp_(list(self.chain.parameters()), source, 1 - keep)

    def init_weights(self):
        """Nothing: the owner copies the student over once that is initialised."""
