"""What the tools and notebooks call."""

from .benchmark import benchmark, extract
from .build import build_dataset, build_model
from .config import load_config
from .records import read_records, render_table
from .suite import run_suite
from .throughput import throughput
from .train import prepare_training, train

__all__ = ['benchmark', 'build_dataset', 'build_model', 'extract', 'load_config', 'prepare_training', 'read_records',
           'render_table', 'run_suite', 'throughput', 'train']
