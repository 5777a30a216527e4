from setuptools import setup

setup(
    name='mmwsl-example-plugin',
    version='0.1.0',
    description='A complete third-party package for mmwsl: a backbone, a pretext task, a weak head and a protocol',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=['mmwsl_example'],
    install_requires=['mmwsl'],
    # mmwsl imports this module when one of its registries is first asked for a name.
    entry_points={'mmwsl.plugins': ['example = mmwsl_example']},
)
