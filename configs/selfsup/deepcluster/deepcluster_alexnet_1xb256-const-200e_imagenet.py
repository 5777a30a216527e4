# The authors' AlexNet up to its last max-pool, then global pooling and one linear layer in place of its three.
_base_ = './deepcluster_r50_8xb64-const-200e_imagenet.py'

model = dict(
    backbone=dict(
        _delete_=True, type='AlexNet', channels=(96, 256, 384, 384, 256), in_channels=2, out_indices=(5,),
        final_pool=True),
    head=dict(in_channels=256))
train_dataloader = dict(batch_size=256)

optim_wrapper = dict(optimizer=dict(lr=0.05))
auto_scale_lr = dict(base_batch_size=256)
