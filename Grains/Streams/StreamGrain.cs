using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Tbptt.Grains.Placement;
using Orleans.Tbptt.Protocol;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>A stream's address in the cluster: what is asked of it, <see cref="ServedStream"/> does.</summary>
// Where it was first asked for: a client that stays with one silo has its streams there.
[PreferLocalPlacement, GrainDirectory(GrainDirectoryName = AdoNetGrainDirectory.Name)]
internal sealed class StreamGrain : Grain, IStreamGrain
{
    private readonly StreamServices _services;
    private readonly ILocalSiloDetails _silo;
    private readonly StreamKey _key;
    private readonly ServedStream _stream;

    public StreamGrain(StreamServices services, ILocalSiloDetails silo)
    {
        (_services, _silo, _key) = (services, silo, StreamKey.Parse(this.GetPrimaryKeyString()));
        _stream = new(_key, services);
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _services.Instruments.OnActive(1);
        _services.Local.Add(_key, _stream);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _services.Local.Remove(_key, _stream);
        _services.Instruments.OnActive(-1);
        await _stream.LeaveAsync();
    }

    public async Task<StreamReply> Predict(StreamRows rows)
    {
        _services.Local.Add(_key, _stream);
        return await _stream.PredictAsync(rows)
            ?? throw new StreamUnavailableException($"stream {_key} leaves its silo; the row was not answered, send it again");
    }

    public Task<StreamPage> Read(long after) => _stream.ReadAsync(after);

    public async Task<StreamReport> Describe()
    {
        var state = await _stream.DescribeAsync();
        return new()
        {
            Model = _key.Model,
            Stream = _key.Stream,
            Last = state.Last,
            TakenAt = state.Last > 0 ? state.TakenAt : null,
            Version = state.Last > 0 ? ServedModel.TextOf(state.Version) : "",
            Hidden = state.Hidden,
            FirstKept = state.Kept.Count > 0 ? state.Kept[0].Number : 0,
            Silo = _silo.Name,
        };
    }

    public Task<bool> Delete() => _stream.DeleteAsync();
}
