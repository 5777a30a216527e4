# Fine-tuning with 1 % of the labels.
_base_ = './semi_supervised_10pct_r50_4xb64-step-20e_imagenet.py'

train_dataloader = dict(dataset=dict(names='data/imagenet/1percent.txt'))
