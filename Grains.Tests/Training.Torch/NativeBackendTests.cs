using Orleans.Tbptt.Training.Torch.Native;
using TorchSharp;
using TorchSharp.Modules;

namespace Orleans.Tbptt.Tests.Training.Torch;

public sealed class NativeBackendTests
{
    [Fact]
    public void Initialize_DoesNothingMore_WhenCalledAgainFromSeveralThreads()
    {
        // libtorch ends the process when its inter-op threads are set twice, so a second go would not fail this test only.
        Parallel.For(0, 16, _ => NativeBackend.Initialize());
        NativeBackend.Initialize();

        Assert.Equal(1, torch.get_num_threads());
        Assert.Equal(1, torch.get_num_interop_threads());
    }

    [Fact]
    public void Initialize_ReachesThreadsStartedLater_WithOneIntraOpThread()
    {
        NativeBackend.Initialize();
        int threads = 0;
        var later = new Thread(() =>
        {
            using var scope = torch.NewDisposeScope();
            _ = torch.ones(4).sum();
            threads = torch.get_num_threads();
        });
        later.Start();
        later.Join();

        Assert.Equal(1, threads);
    }

    [Fact]
    public void Backend_LowersTheLoss_WhenAnLstmTrainsForAFewSteps()
    {
        NativeBackend.Initialize();
        using var scope = torch.NewDisposeScope();
        var generator = new torch.Generator(7);
        var lstm = torch.nn.LSTM(3, 8);
        var head = torch.nn.Linear(8, 1);
        Parameter[] parameters = [.. lstm.parameters(), .. head.parameters()];
        // Not torch.nn.init's, which ignores the generator.
        using (torch.no_grad())
        {
            foreach (var parameter in parameters)
                parameter.uniform_(-0.35, 0.35, generator);
        }

        // The target is the input of the step before: only a recurrent state can know it.
        var inputs_TBI = torch.randn([6, 4, 3], generator: generator);
        var targets_TBO = torch.cat([torch.zeros(1, 4, 1), inputs_TBI.narrow(0, 0, 5).narrow(2, 0, 1)]);
        var optimizer = torch.optim.Adam(parameters, lr: 0.02);
        var losses = new List<float>();
        for (int step = 0; step < 60; step++)
        {
            using var stepScope = torch.NewDisposeScope();
            var zero = torch.zeros(1, 4, 8);
            var (output, _, _) = lstm.call(inputs_TBI, (zero, zero));
            var loss = torch.nn.functional.mse_loss(head.call(output), targets_TBO);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            losses.Add(loss.item<float>());
        }

        Assert.InRange(losses[0], 0.3f, 3f);
        Assert.InRange(losses[^1], 0f, losses[0] / 3);
    }
}
