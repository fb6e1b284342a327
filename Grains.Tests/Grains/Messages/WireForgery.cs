using System.Numerics;

namespace Orleans.Tbptt.Tests.Grains.Messages;

/// <summary>Puts other lengths into serialized messages.</summary>
internal static class WireForgery
{
    /// <summary>The same message with another number of bytes claimed for a buffer.</summary>
    public static byte[] ReplaceLength(byte[] message, uint written, uint claimed)
    {
        byte[] sought = VarUInt32(written);
        int at = message.AsSpan().IndexOf(sought);
        Assert.True(at > 0);
        return [.. message[..at], .. VarUInt32(claimed), .. message[(at + sought.Length)..]];
    }

    /// <summary>Orleans' variable-length integers: as many low zero bits as bytes follow, a one, then the number.</summary>
    private static byte[] VarUInt32(uint value)
    {
        int bytes = value == 0 ? 1 : (32 - BitOperations.LeadingZeroCount(value) + 6) / 7;
        ulong coded = (((ulong)value << 1) | 1) << (bytes - 1);
        return BitConverter.GetBytes(coded)[..bytes];
    }
}
