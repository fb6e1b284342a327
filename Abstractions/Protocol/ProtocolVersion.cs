namespace Orleans.Tbptt.Protocol;

/// <summary>What this build speaks.</summary>
public static class ProtocolVersion
{
    /// <summary>Grows whenever messages between client and cluster change. Others are refused at the first call.</summary>
    public const int Current = 8;

    /// <summary>The product's version, for people.</summary>
    public static string Product { get; } = typeof(ProtocolVersion).Assembly.GetName().Version!.ToString(3);

    /// <summary>Why a peer is refused; null when it speaks as this build does.</summary>
    /// <param name="found">What the client speaks; 0 when it is too old to say.</param>
    public static string? Refusal(int found) => found == Current
        ? null
        : $"this client speaks protocol {found}, the cluster speaks {Current} (version {Product}); use the tbptt of the cluster's version";
}
