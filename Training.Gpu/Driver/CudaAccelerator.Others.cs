using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Gpu.Devices;

namespace Orleans.Tbptt.Training.Gpu.Driver;

/// <content>Other accelerators of the same device: all have its primary context, and each a stream.</content>
internal sealed unsafe partial class CudaAccelerator
{
    private readonly List<nint> _marks = [];

    /// <inheritdoc/>
    public object Identity => (typeof(CudaAccelerator), _ordinal);

    /// <inheritdoc/>
    public IAccelerator OpenAnother()
    {
        try
        {
            return new CudaAccelerator(_ordinal);
        }
        catch (CudaException problem)
        {
            // The other one has no stream yet to ask: whether the device answers, this one's says.
            Enter();
            _isLost |= Cuda.StreamSynchronize(_stream) != Cuda.Success;
            throw _isLost ? new DeviceLostException(new(Device), problem.Message, problem)
                : new EngineUnavailableException(problem.Message, problem);
        }
    }

    /// <inheritdoc/>
    public nint Mark(nint mark = 0)
    {
        Enter();
        if (mark == 0)
        {
            Check(Cuda.EventCreate(out mark, Cuda.EventWithoutTiming), "make an event");
            _marks.Add(mark);
        }

        Check(Cuda.EventRecord(mark, _stream), "record an event");
        return mark;
    }

    /// <inheritdoc/>
    public void Await(nint mark)
    {
        Enter();
        Check(Cuda.StreamWaitEvent(_stream, mark, 0), "wait for an event");
    }

    /// <inheritdoc/>
    public void ForgetLists()
    {
        // A graph that still runs is not given back.
        Wait();
        _replays?.Clear();
    }

    private void DisposeOfMarks()
    {
        foreach (nint mark in _marks)
            _ = Cuda.EventDestroy(mark);
    }
}
