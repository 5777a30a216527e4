"""Connected components by Spark: alternating large-star and small-star (Kiveris et al. 2014); GraphFrames' beside it.

Each round is a checkpoint: without one the plan of a round would hold those of all rounds before it. The session is the
one that runs (``spark-submit``), or one on this machine.
"""

from pathlib import Path
from typing import Any

ROUNDS = 100  # log2(nodes) squared is what is proved; a few are what is seen


def spark_components(edges: Path, out: Path, scratch: Path, rounds: int = ROUNDS) -> None:
    """Write the component of each node that has an edge, named by its lowest node.

    Args:
        edges: Parquet of int64 ``source`` and ``target``.
        out: folder of Parquet, int64 ``node`` and ``component``; one that is there is replaced.
        scratch: folder of the checkpoints, which every worker reaches.
        rounds: then it is given up.

    Raises:
        ImportError: pyspark is not installed.
        RuntimeError: not done after that many rounds.
    """
    session, functions = _session(scratch)
    pairs = session.read.parquet(str(edges))
    nodes = pairs.select(functions.col('source').alias('node')).union(pairs.select('target')).distinct()
    low, high = functions.least('source', 'target'), functions.greatest('source', 'target')
    pairs = pairs.select(high.alias('node'), low.alias('near')).where('node != near').distinct().checkpoint()
    for _ in range(rounds):
        pairs = small_star(large_star(pairs, functions), functions).checkpoint()
        if _are_stars(pairs, functions):
            break
    else:
        raise RuntimeError(f'components are not done after {rounds} rounds of large-star and small-star; raise rounds')
    labels = nodes.join(pairs, 'node', 'left').select(
        'node', functions.coalesce('near', 'node').alias('component'))
    labels.write.mode('overwrite').parquet(str(out))


def large_star(pairs: Any, functions: Any) -> Any:
    """Each node's neighbors above it are joined to the lowest of its neighbors and itself.

    Args:
        pairs: DataFrame of edges, ``node`` above ``near``, each once.
        functions: ``pyspark.sql.functions``.
    """
    both = pairs.union(pairs.select(functions.col('near').alias('node'), functions.col('node').alias('near')))
    lowest = both.groupBy('node').agg(functions.min('near').alias('low')).select(
        'node', functions.least('low', 'node').alias('low'))
    return both.join(lowest, 'node').where('near > node').select(
        functions.col('near').alias('node'), functions.col('low').alias('near')).distinct()


def small_star(pairs: Any, functions: Any) -> Any:
    """Each node and its neighbors below it are joined to the lowest of these; arguments as in :func:`large_star`."""
    lowest = pairs.groupBy('node').agg(functions.min('near').alias('low'))
    moved = pairs.join(lowest, 'node').where('near != low').select(
        functions.col('near').alias('node'), functions.col('low').alias('near'))
    return moved.union(lowest.select('node', functions.col('low').alias('near'))).distinct()


def _are_stars(pairs: Any, functions: Any) -> bool:
    """Whether every node has one neighbor below it, which has none."""
    several = pairs.groupBy('node').count().where('count > 1').limit(1).count()
    chained = pairs.select(functions.col('near').alias('node')).distinct().join(pairs, 'node', 'left_semi')
    return not several and not chained.limit(1).count()


def graphframes_components(edges: Path, out: Path, scratch: Path) -> None:
    """As :func:`spark_components`, by GraphFrames. Untested: its jar has to be in the session (``--packages``).

    Raises:
        ImportError: pyspark or graphframes is not installed.
    """
    session, functions = _session(scratch)
    try:
        from graphframes import GraphFrame
    except ImportError as error:
        raise ImportError("engine 'graphframes' needs its Python package, and its jar in the session; choose 'spark', "
                          'which needs neither') from error
    pairs = session.read.parquet(str(edges)).select(
        functions.col('source').alias('src'), functions.col('target').alias('dst'))
    nodes = pairs.select(functions.col('src').alias('id')).union(pairs.select('dst')).distinct()
    found = GraphFrame(nodes, pairs).connectedComponents()
    found.select(functions.col('id').alias('node'), 'component').write.mode('overwrite').parquet(str(out))


def _session(scratch: Path) -> tuple[Any, Any]:
    try:
        from pyspark.sql import SparkSession, functions
    except ImportError as error:
        raise ImportError("engines on Spark need it: pip install pyspark, and Java; or choose 'scipy'") from error
    session = SparkSession.builder.getOrCreate()
    session.sparkContext.setCheckpointDir(str(Path(scratch).absolute() / 'checkpoints'))
    return session, functions
