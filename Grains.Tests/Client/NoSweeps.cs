using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Sweeps;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>A cluster without sweeps.</summary>
internal sealed class NoSweeps : ISweepService
{
    public Task<SubmitReply> SubmitAsync(SweepRequest request) => throw new NotSupportedException("nobody sweeps");

    public Task<IReadOnlyList<SweepStatus>> ListAsync() => Task.FromResult<IReadOnlyList<SweepStatus>>([]);

    public Task<SweepStatus> GetStatusAsync(RunId sweep) => throw new SweepNotFoundException(sweep.Text);

    public Task StopAsync(RunId sweep, string reason) => throw new SweepNotFoundException(sweep.Text);

    public Task<string> ResumeAsync(RunId sweep) => throw new SweepNotFoundException(sweep.Text);
}
