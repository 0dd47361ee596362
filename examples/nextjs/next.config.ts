import { withChunkwise } from 'chunkwise/next';
import type { NextConfig } from 'next';

const nextConfig: NextConfig = {
  reactStrictMode: true,
};

export default withChunkwise(nextConfig);
