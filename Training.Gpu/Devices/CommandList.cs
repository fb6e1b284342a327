using System.Runtime.InteropServices;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Devices;

/// <summary>
/// What a device is to do for a chunk, written down: a value, which may be compared with another one and run as often as wanted.
/// </summary>
internal sealed class CommandList : ICommands
{
    private readonly List<Command> _commands = [];
    private readonly List<Argument> _arguments = [];

    private enum Kind
    {
        CopyIn,
        CopyOut,
        Copy,
        Clear,
        Launch,
    }

    /// <summary>How many commands.</summary>
    public int Count => _commands.Count;

    /// <summary>The kernels that it launches.</summary>
    public IEnumerable<KernelCode> Kernels => _commands.Select(command => command.Kernel).OfType<KernelCode>();

    /// <summary>Begins a new list.</summary>
    public void Reset()
    {
        _commands.Clear();
        _arguments.Clear();
    }

    /// <summary>A copy that stays as it is.</summary>
    public CommandList Copy()
    {
        var copy = new CommandList();
        copy._commands.AddRange(_commands);
        copy._arguments.AddRange(_arguments);
        return copy;
    }

    /// <summary>Whether another list has the same commands: kernels, sizes, addresses and every argument.</summary>
    public bool IsSameAs(CommandList other) =>
        CollectionsMarshal.AsSpan(_commands).SequenceEqual(CollectionsMarshal.AsSpan(other._commands))
        && CollectionsMarshal.AsSpan(_arguments).SequenceEqual(CollectionsMarshal.AsSpan(other._arguments));

    /// <summary>Hands every command on, in order.</summary>
    public void Run(ICommands to)
    {
        var arguments = CollectionsMarshal.AsSpan(_arguments);
        foreach (var one in CollectionsMarshal.AsSpan(_commands))
        {
            switch (one.Kind)
            {
                case Kind.CopyIn:
                    to.CopyIn(one.From, one.To, one.Bytes);
                    break;
                case Kind.CopyOut:
                    to.CopyOut(one.From, one.To, one.Bytes);
                    break;
                case Kind.Copy:
                    to.Copy(one.From, one.To, one.Bytes);
                    break;
                case Kind.Clear:
                    to.Clear(one.To, one.Bytes);
                    break;
                default:
                    to.Launch(one.Kernel!, one.X, one.Y, one.Threads, arguments.Slice(one.FirstArgument, one.Kernel!.Parameters.Count));
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void CopyIn(nint host, nint to, long bytes) => _commands.Add(new(Kind.CopyIn, host, to, bytes));

    /// <inheritdoc/>
    public void CopyOut(nint from, nint host, long bytes) => _commands.Add(new(Kind.CopyOut, from, host, bytes));

    /// <inheritdoc/>
    public void Copy(nint from, nint to, long bytes) => _commands.Add(new(Kind.Copy, from, to, bytes));

    /// <inheritdoc/>
    public void Clear(nint address, long bytes) => _commands.Add(new(Kind.Clear, 0, address, bytes));

    /// <inheritdoc/>
    public void Launch(KernelCode kernel, int x, int y, int threads, params ReadOnlySpan<Argument> arguments)
    {
        if (arguments.Length != kernel.Parameters.Count)
            throw new ArgumentException($"kernel {kernel.Name}: {arguments.Length} arguments, expected {kernel.Parameters.Count}");
        _commands.Add(new(Kind.Launch, 0, 0, 0, kernel, x, y, threads, _arguments.Count));
        _arguments.AddRange(arguments);
    }

    private readonly record struct Command(
        Kind Kind, nint From, nint To, long Bytes, KernelCode? Kernel = null, int X = 0, int Y = 0, int Threads = 0, int FirstArgument = 0);
}
