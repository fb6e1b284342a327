using Orleans.Tbptt.Training.Gpu.Devices;
using Orleans.Tbptt.Training.Replicas;

namespace Orleans.Tbptt.Training.Gpu.Network;

/// <summary>
/// What a chunk brings that its batch alone says, inputs and targets: copied with the rest of the chunk, or ahead of it, while the device
/// has nothing to compute. Used by one thread at a time.
/// </summary>
/// <remarks>
/// Ahead, it is packed into page-locked memory of its own and copied to memory of its own by another accelerator of the device, so that
/// the chunk's own work waits for that copy on the device, and the host does not. It is known by the batch's stamp: anything else that is
/// run is packed as ever, and what was copied ahead is kept until its chunk comes or another one is taken in.
/// </remarks>
/// <param name="device">Computes.</param>
/// <param name="inbound">What a chunk brings otherwise.</param>
internal sealed class BatchInbound(IAccelerator device, Inbound inbound) : IDisposable
{
    private IAccelerator? _copier;
    private Inbound? _ahead;
    private nint _mark;
    private long _stamp;
    private bool _isOff;

    /// <summary>How many chunks had been taken in ahead when they were run.</summary>
    public int Hits { get; private set; }

    /// <summary>Whether the chunk at hand was taken in ahead.</summary>
    public bool IsAhead { get; private set; }

    /// <summary>Whether a chunk is being taken in.</summary>
    public bool ReadsAhead { get; private set; }

    /// <summary>Whether it holds memory of the device, which can be given up.</summary>
    public bool HoldsMemory => _ahead is not null;

    /// <summary>Where the parts of the batch go that are packed now.</summary>
    public Inbound Packing => ReadsAhead ? _ahead! : inbound;

    /// <summary>Where the parts of the chunk at hand are.</summary>
    public Inbound Current => IsAhead ? _ahead! : inbound;

    /// <summary>Takes a chunk in. Nothing else of the replica may be computed.</summary>
    /// <param name="batch">The chunk.</param>
    /// <param name="pack">Packs its parts.</param>
    public void ReadAhead(ChunkBatch batch, Action<ChunkBatch> pack)
    {
        _stamp = 0;
        if (_isOff)
            return;
        try
        {
            _copier ??= device.OpenAnother();
            _ahead ??= new(_copier);

            // The copy of a chunk that was never run may not have ended.
            _copier.Wait();
            _ahead.Begin();
            ReadsAhead = true;
            pack(batch);
            if (_ahead.CopyTo(_copier))
                device.ForgetLists();
            _mark = _copier.Mark(_mark);
            _stamp = batch.Stamp;
        }
        catch (Exception problem) when (problem is OutOfDeviceMemoryException or InsufficientMemoryException)
        {
            // It only saves time.
            GiveUp();
        }
        finally
        {
            ReadsAhead = false;
        }
    }

    /// <summary>Begins with a chunk: finds out whether it was taken in. If so, all work that follows runs behind its copy.</summary>
    public void Begin(ChunkBatch batch)
    {
        IsAhead = _stamp != 0 && _stamp == batch.Stamp;
        if (!IsAhead)
            return;
        Hits++;
        device.Await(_mark);
    }

    /// <summary>Gives its memory back, and takes no chunk in any more: others need the memory.</summary>
    public void GiveUp()
    {
        _isOff = true;

        // First of all what may still read that memory has to end.
        device.ForgetLists();
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        (_stamp, IsAhead) = (0, false);
        var (ahead, copier) = (_ahead, _copier);
        (_ahead, _copier, _mark) = (null, null, 0);
        try
        {
            ahead?.Dispose();
        }
        finally
        {
            copier?.Dispose();
        }
    }
}

/// <summary>Numbers of one kind that the batch of every chunk brings.</summary>
internal sealed class BatchPart(BatchInbound inbound)
{
    private long _offset;
    private long _aheadOffset;

    /// <summary>Where those of the chunk at hand are on the device.</summary>
    public nint Address => inbound.Current.At(inbound.IsAhead ? _aheadOffset : _offset);

    /// <summary>Packs them.</summary>
    public void Load<T>(ReadOnlySpan<T> numbers) where T : unmanaged => numbers.CopyTo(Room<T>(numbers.Length));

    /// <summary>Room for them among what is packed.</summary>
    public Span<T> Room<T>(int count) where T : unmanaged
    {
        var room = inbound.Packing.Add<T>(count, out long offset);
        (inbound.ReadsAhead ? ref _aheadOffset : ref _offset) = offset;
        return room;
    }
}
