"""Graph convolutions against loops over nodes, with gradients, and their loss."""

import pytest
import torch

from mmwsl.models.graph import ConcatConv, ConcatConvs, NodeHead, ProposalConvs, node_loss
from mmwsl.models.graph.layers import rotated


def graphs(count=2, nodes=5, channels=4):
    torch.manual_seed(0)
    adjacency = torch.rand(count, nodes, nodes, dtype=torch.double)
    return torch.randn(count, nodes, channels, dtype=torch.double), adjacency / adjacency.sum(2, keepdim=True)


def slow_concat(layer, x, adjacency):
    rows = []
    for graph, weights in zip(x, adjacency, strict=True):
        for i in range(len(graph)):
            mean = sum(weights[i, j] * graph[j] for j in range(len(graph)))
            out = layer.linear.weight @ torch.cat([graph[i], mean]) + layer.linear.bias
            rows.append(out.clamp(min=0))
    return torch.stack(rows).view(*x.shape[:2], -1)


def test_concat_conv_and_its_gradient():
    x, adjacency = graphs()
    layer = ConcatConv(4, 3).double()
    for leaf in (x, layer.linear.weight):
        leaf.requires_grad_()
    weights = torch.randn(2, 5, 3, dtype=torch.double)
    results = []
    for out in (layer(x, adjacency), slow_concat(layer, x, adjacency)):
        results.append((out, *torch.autograd.grad((out * weights).sum(), (x, layer.linear.weight, layer.linear.bias))))
    for fast, slow in zip(*results, strict=True):
        torch.testing.assert_close(fast, slow)


def test_several_are_one_after_the_other():
    x, adjacency = graphs()
    stack = ConcatConvs(4, (6, 2)).double()
    torch.testing.assert_close(stack(x, adjacency), slow_concat(stack.layers[1], slow_concat(stack.layers[0], x, adjacency), adjacency))


def test_proposal_convs_and_their_gradient():
    x, adjacency = graphs()
    stack = ProposalConvs(4, (6, 2)).double().eval()
    x.requires_grad_()
    results = []
    slow = x
    for layer in stack.layers:
        moved = torch.stack([torch.stack([layer.weight @ node for node in graph]) for graph in slow])
        slow = torch.stack([torch.stack([sum(w[i, j] * graph[j] for j in range(5)) for i in range(5)])
                            for graph, w in zip(moved, adjacency, strict=True)]).clamp(min=0)
    for out in (stack(x, adjacency), slow):
        results.append((out, *torch.autograd.grad(out.square().sum(), (x, stack.layers[0].weight))))
    for fast, expected in zip(*results, strict=True):
        torch.testing.assert_close(fast, expected)
    assert all(layer.weight.abs().max() <= layer.out_features**-.5 for layer in stack.layers)


def test_dropout_is_for_training():
    x, adjacency = graphs()
    stack = ProposalConvs(4, (64, 2)).double()
    assert not torch.equal(stack(x, adjacency), stack(x, adjacency))
    stack.eval()
    assert torch.equal(stack(x, adjacency), stack(x, adjacency))


def test_head_has_a_slope_a_channel():
    head = NodeHead(3, 2)
    with torch.no_grad():
        head[1].weight.copy_(torch.tensor([.1, .2, .3]))
    x = torch.randn(2, 4, 3)
    hidden = x @ head[0].weight.T + head[0].bias
    torch.testing.assert_close(head(x), head[2](torch.where(hidden > 0, hidden, hidden * torch.tensor([.1, .2, .3]))))


def test_loss_of_the_nodes_that_count():
    logits = torch.randn(2, 3, 2, dtype=torch.double)
    labels = torch.tensor([[0, 1, -100], [1, -100, -100]])
    losses = [-logits[b, n].log_softmax(0)[labels[b, n]] for b, n in ((0, 0), (0, 1), (1, 0))]
    found = node_loss(logits, labels)
    torch.testing.assert_close(found['loss'], sum(losses) / 3)
    right = sum(int(logits[b, n].argmax()) == int(labels[b, n]) for b, n in ((0, 0), (0, 1), (1, 0)))
    assert found['accuracy'].item() == pytest.approx(100 * right / 3)
    assert node_loss(logits, torch.full((2, 3), -100))['loss'].item() == 0


def test_a_rotation_keeps_angles():
    x, _ = graphs()
    torch.manual_seed(1)
    turned = rotated(x)
    assert (turned - x).abs().max() > .1
    torch.testing.assert_close(turned.flatten(0, 1) @ turned.flatten(0, 1).T, x.flatten(0, 1) @ x.flatten(0, 1).T, atol=1e-5, rtol=1e-5)
